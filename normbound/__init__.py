"""normbound: formal Lipschitz bounds of neural networks, in inputs and in parameters, with and without normalization.

    from normbound import Input, Linear, LayerNorm, ReLU, Repeat, derive, check
    block = Linear("s", bias="b") >> LayerNorm(gamma="g", floor="sigma") >> ReLU()
    bound = derive(Input(radius="R", features="d") >> Repeat(block, "K"), wrt="input")
    print(bound)                       # the statement, with quantifiers, hypotheses, closed form, rate
    bound.at(s="6/5", K=24, ...)       # a rigorous enclosure at exact numbers
    bound.check(networks=200, seed=0)  # random networks try to break every step
    bound.prove()                      # the kernel of Coq checks the derivation

Names are imported on first use, so that ``import normbound`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from normbound.version import VERSION as __version__

_HOME = {
    "normbound.calculus.bound": ("Bound", "derive", "derive_all"),
    "normbound.calculus.comparison": ("Comparison", "compare"),
    "normbound.calculus.derive": ("analyse",),
    "normbound.contracts.block": ("Block", "Layer", "Parameter", "Repeat", "concat", "parallel"),
    "normbound.contracts.context": ("Context", "Contract", "Sensitivity", "Shape"),
    "normbound.contracts.hypothesis": ("Hypothesis",),
    "normbound.contracts.registry": ("layer",),
    "normbound.errors": ("HypothesisError", "NetworkError", "NormboundError", "ShapeError", "TermError",
                         "UnsupportedError"),
    "normbound.layers.activations": ("Abs", "CELU", "CReLU", "ELU", "GELU", "GELUTanh", "HardSigmoid", "HardSwish", "HardTanh",
                                     "LeakyReLU", "LogSigmoid", "MaxMin", "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU",
                                     "Sigmoid", "Sin", "Softplus", "Softsign", "SquaredReLU", "Tanh", "Tanhshrink"),
    "normbound.layers.linear": ("Dropout", "Identity", "LearnedScale", "Linear", "Outside", "Scaling"),
    "normbound.layers.normalization": ("BatchNorm", "DyT", "GroupNorm", "InstanceNorm", "L2Norm", "LayerNorm", "PixelNorm",
                                       "RMSNorm", "ScaleNorm"),
    "normbound.network.files": ("Architecture", "load"),
    "normbound.network.language": ("parse_block", "parse_network"),
    "normbound.network.program": ("Input", "Network"),
    "normbound.render.bibliography": ("bibtex", "references"),
    "normbound.render.figures": ("regime_diagram", "regime_point"),
    "normbound.render.latex": ("Style", "document"),
    "normbound.render.names": ("Names",),
    "normbound.render.statement": ("statement",),
    "normbound.terms.evaluate": ("evaluate",),
    "normbound.terms.grammar": ("parse",),
    "normbound.terms.store": ("Store", "Term", "sqrt", "term"),
    "normbound.theory.attainment": ("attainment",),
    "normbound.theory.floors": ("certificate_floor", "matched_batchnorm"),
    "normbound.theory.generalization": ("parametric_bound", "partition_bound"),
    "normbound.theory.landscape": ("gradient_bound", "landscape"),
    "normbound.theory.losses": ("loss_bound",),
    "normbound.theory.theorem": ("Theorem",),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["__version__", "builtin", "residual", *sorted(_WHERE)]  # pyright: ignore

if TYPE_CHECKING:
    from normbound.contracts.block import Block
    from normbound.network.files import Architecture


def builtin(name: str) -> Architecture:
    """The built-in architecture called ``name``."""
    from normbound.network.builtins import get
    return get(name)


def residual(block: Block, factor: Any = 1) -> Block:
    """x + factor * block(x)."""
    from normbound.layers.linear import Identity
    return Identity() + (block if factor == 1 else factor * block)


def _attach() -> None:
    """Give bounds, comparisons and theorems the methods of the folders above: statement, LaTeX, check, proof."""
    bound_class = import_module("normbound.calculus.bound").Bound
    if "check" in vars(bound_class):
        return

    def check_bound(self: Any, networks: int = 200, seed: int = 0, **options: Any) -> Any:
        """Draw random networks of the architecture and try to break every step of the derivation."""
        from normbound.check.falsify import check
        return check(self.network, networks=networks, seed=seed, **options)

    def prove_bound(self: Any, seconds: float = 120, megabytes: int = 4000, keep: Any = None) -> Any:
        """Write a certificate of the bound and let the kernel of Coq check it; a verdict, see ``normbound.formal.proof``."""
        from normbound.formal.proof import prove
        return prove(self, seconds, megabytes, keep)

    def proof_text(self: Any) -> str:
        from normbound.render.proof import proof_text as shown
        return shown(self.to_json())

    def text(self: Any) -> str:
        from normbound.render.statement import statement
        return statement(self)

    def latex(self: Any, style: Any = None, title: str = "", measured: str = "") -> str:
        """The bound as a LaTeX fragment for \\input; see ``normbound.render.latex``."""
        from normbound.render.latex import to_latex
        return to_latex(self, style, title, measured)

    def notebook(self: Any) -> str:
        from normbound.render.latex import inline
        return inline(self)

    def compared(self: Any) -> str:
        from normbound.render.comparison import comparison_text
        return comparison_text(self)

    def compared_latex(self: Any, names: Any = None) -> str:
        """The comparison as a LaTeX fragment."""
        from normbound.render.comparison import comparison_latex
        return comparison_latex(self, names)

    def theorem(self: Any) -> str:
        from normbound.render.theorem import theorem_text
        return theorem_text(self)

    def theorem_check(self: Any, seed: int = 0) -> Any:
        """Attack the theorem numerically; a finding with a verdict."""
        from normbound.check.theorems import check
        return check(self, seed)

    def theorem_tex(self: Any, names: Any = None, label: str = "", environment: str = "theorem") -> str:
        """The theorem as a LaTeX fragment."""
        from normbound.render.theorem import theorem_latex
        return theorem_latex(self, names, label, environment)

    def steps(self: Any) -> str:
        from normbound.render.statement import derivation_text
        return derivation_text(self)

    def network_text(self: Any) -> str:
        from normbound.network.language import described
        return described(self)

    bound_class.check = check_bound
    bound_class.prove = prove_bound
    bound_class.__str__ = text
    bound_class.to_latex = latex
    bound_class._repr_latex_ = notebook
    comparison = import_module("normbound.calculus.comparison").Comparison
    comparison.__str__, comparison.to_latex = compared, compared_latex
    theorem_class = import_module("normbound.theory.theorem").Theorem
    theorem_class.__str__, theorem_class.to_latex, theorem_class.check = theorem, theorem_tex, theorem_check
    import_module("normbound.formal.proof").Proof.__str__ = proof_text
    import_module("normbound.calculus.derivation").Derivation.__str__ = steps
    import_module("normbound.network.program").Network.__str__ = network_text


def __getattr__(name: str) -> Any:
    home = _WHERE.get(name)
    if home is None:
        raise AttributeError(f"module 'normbound' has no attribute {name!r}")
    if home.startswith(("normbound.calculus", "normbound.network", "normbound.theory")):
        import_module("normbound.layers")
        _attach()
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
