(** Short names for writing certificates: Coq reads them much faster than numerals. *)
From Coq Require Import List BinPos NArith.
From Normbound Require Import Networks Terms Checker.
Import ListNotations.
Open Scope positive_scope.
Definition d1 := 1. Definition d2 := 2. Definition d3 := 3. Definition d4 := 4. Definition d5 := 5. Definition d6 := 6. Definition d7 := 7. Definition d8 := 8.
Definition d9 := 9. Definition d10 := 10. Definition d11 := 11. Definition d12 := 12. Definition d13 := 13. Definition d14 := 14. Definition d15 := 15. Definition d16 := 16.
Definition d17 := 17. Definition d18 := 18. Definition d19 := 19. Definition d20 := 20. Definition d21 := 21. Definition d22 := 22. Definition d23 := 23. Definition d24 := 24.
Definition d25 := 25. Definition d26 := 26. Definition d27 := 27. Definition d28 := 28. Definition d29 := 29. Definition d30 := 30. Definition d31 := 31. Definition d32 := 32.
Definition d33 := 33. Definition d34 := 34. Definition d35 := 35. Definition d36 := 36. Definition d37 := 37. Definition d38 := 38. Definition d39 := 39. Definition d40 := 40.
Definition d41 := 41. Definition d42 := 42. Definition d43 := 43. Definition d44 := 44. Definition d45 := 45. Definition d46 := 46. Definition d47 := 47. Definition d48 := 48.
Definition d49 := 49. Definition d50 := 50. Definition d51 := 51. Definition d52 := 52. Definition d53 := 53. Definition d54 := 54. Definition d55 := 55. Definition d56 := 56.
Definition d57 := 57. Definition d58 := 58. Definition d59 := 59. Definition d60 := 60. Definition d61 := 61. Definition d62 := 62. Definition d63 := 63. Definition d64 := 64.
Definition d65 := 65. Definition d66 := 66. Definition d67 := 67. Definition d68 := 68. Definition d69 := 69. Definition d70 := 70. Definition d71 := 71. Definition d72 := 72.
Definition d73 := 73. Definition d74 := 74. Definition d75 := 75. Definition d76 := 76. Definition d77 := 77. Definition d78 := 78. Definition d79 := 79. Definition d80 := 80.
Definition d81 := 81. Definition d82 := 82. Definition d83 := 83. Definition d84 := 84. Definition d85 := 85. Definition d86 := 86. Definition d87 := 87. Definition d88 := 88.
Definition d89 := 89. Definition d90 := 90. Definition d91 := 91. Definition d92 := 92. Definition d93 := 93. Definition d94 := 94. Definition d95 := 95. Definition d96 := 96.
Definition d97 := 97. Definition d98 := 98. Definition d99 := 99. Definition d100 := 100. Definition d101 := 101. Definition d102 := 102. Definition d103 := 103. Definition d104 := 104.
Definition d105 := 105. Definition d106 := 106. Definition d107 := 107. Definition d108 := 108. Definition d109 := 109. Definition d110 := 110. Definition d111 := 111. Definition d112 := 112.
Definition d113 := 113. Definition d114 := 114. Definition d115 := 115. Definition d116 := 116. Definition d117 := 117. Definition d118 := 118. Definition d119 := 119. Definition d120 := 120.
Definition d121 := 121. Definition d122 := 122. Definition d123 := 123. Definition d124 := 124. Definition d125 := 125. Definition d126 := 126. Definition d127 := 127. Definition d128 := 128.
Definition d129 := 129. Definition d130 := 130. Definition d131 := 131. Definition d132 := 132. Definition d133 := 133. Definition d134 := 134. Definition d135 := 135. Definition d136 := 136.
Definition d137 := 137. Definition d138 := 138. Definition d139 := 139. Definition d140 := 140. Definition d141 := 141. Definition d142 := 142. Definition d143 := 143. Definition d144 := 144.
Definition d145 := 145. Definition d146 := 146. Definition d147 := 147. Definition d148 := 148. Definition d149 := 149. Definition d150 := 150. Definition d151 := 151. Definition d152 := 152.
Definition d153 := 153. Definition d154 := 154. Definition d155 := 155. Definition d156 := 156. Definition d157 := 157. Definition d158 := 158. Definition d159 := 159. Definition d160 := 160.
Definition d161 := 161. Definition d162 := 162. Definition d163 := 163. Definition d164 := 164. Definition d165 := 165. Definition d166 := 166. Definition d167 := 167. Definition d168 := 168.
Definition d169 := 169. Definition d170 := 170. Definition d171 := 171. Definition d172 := 172. Definition d173 := 173. Definition d174 := 174. Definition d175 := 175. Definition d176 := 176.
Definition d177 := 177. Definition d178 := 178. Definition d179 := 179. Definition d180 := 180. Definition d181 := 181. Definition d182 := 182. Definition d183 := 183. Definition d184 := 184.
Definition d185 := 185. Definition d186 := 186. Definition d187 := 187. Definition d188 := 188. Definition d189 := 189. Definition d190 := 190. Definition d191 := 191. Definition d192 := 192.
Definition d193 := 193. Definition d194 := 194. Definition d195 := 195. Definition d196 := 196. Definition d197 := 197. Definition d198 := 198. Definition d199 := 199. Definition d200 := 200.
Definition d201 := 201. Definition d202 := 202. Definition d203 := 203. Definition d204 := 204. Definition d205 := 205. Definition d206 := 206. Definition d207 := 207. Definition d208 := 208.
Definition d209 := 209. Definition d210 := 210. Definition d211 := 211. Definition d212 := 212. Definition d213 := 213. Definition d214 := 214. Definition d215 := 215. Definition d216 := 216.
Definition d217 := 217. Definition d218 := 218. Definition d219 := 219. Definition d220 := 220. Definition d221 := 221. Definition d222 := 222. Definition d223 := 223. Definition d224 := 224.
Definition d225 := 225. Definition d226 := 226. Definition d227 := 227. Definition d228 := 228. Definition d229 := 229. Definition d230 := 230. Definition d231 := 231. Definition d232 := 232.
Definition d233 := 233. Definition d234 := 234. Definition d235 := 235. Definition d236 := 236. Definition d237 := 237. Definition d238 := 238. Definition d239 := 239. Definition d240 := 240.
Definition d241 := 241. Definition d242 := 242. Definition d243 := 243. Definition d244 := 244. Definition d245 := 245. Definition d246 := 246. Definition d247 := 247. Definition d248 := 248.
Definition d249 := 249. Definition d250 := 250. Definition d251 := 251. Definition d252 := 252. Definition d253 := 253. Definition d254 := 254. Definition d255 := 255. 
(** a 255 + b, b in 1..255 *)
Definition w (a b : positive) : positive := a * 255 + b.

(** An annotation that claims the constant only; the second number belongs to normalizers. *)
Definition cl (L u : positive) : ann := Ann (Some (Claim L None None [] None)) u.
(** Blocks appended to a chain: a layer, a layer that divides by a root, a block. *)
Definition st (l : layer) (c : ann) (f : net ann) : net ann := Series f (Leaf l (Ann None 1)) c.
Definition su (u : positive) (l : layer) (c : ann) (f : net ann) : net ann := Series f (Leaf l (Ann None u)) c.
Definition sb (g : net ann) (c : ann) (f : net ann) : net ann := Series f g c.
Definition run (l : list (net ann -> net ann)) (f : net ann) : net ann := fold_left (fun f g => g f) l f.
