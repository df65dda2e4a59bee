"""Random syntax for tests: well-formed expressions and statements."""

from fractions import Fraction

from hypothesis import strategies as st

from normbound.claims.syntax import COMPARISONS, NET_FUNCTIONS, Op, build, rebuild

NAMES = st.sampled_from(("a", "b", "K", "sigma_1", "lambda"))
DECIMALS = st.builds(lambda n, k: Fraction(n, 10**k), st.integers(0, 10**9), st.integers(0, 12))
LEAVES = st.one_of(
    DECIMALS.map(lambda q: build(Op.NUM, value=q)),
    NAMES.map(lambda n: build(Op.VAR, value=n)),
    st.just(build(Op.CONST, value="pi")),
    st.sampled_from(NET_FUNCTIONS).map(lambda f: build(Op.NET, value=(f, "net"))),
)


def _larger(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.builds(lambda op, ab: build(op, *ab), st.sampled_from((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.POW)), pairs),
        st.builds(build, st.sampled_from((Op.NEG, Op.SQRT, Op.EXP, Op.LOG, Op.ABS)), inner),
        st.builds(lambda op, xs: build(op, *xs), st.sampled_from((Op.MIN, Op.MAX, Op.DD)), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda op, i, xs: build(op, *xs, value=i), st.sampled_from((Op.SUM, Op.PROD)), st.sampled_from(("i", "j")),
                  st.tuples(inner, inner, inner)),
        st.builds(lambda x: build(Op.ELT, x, value="s"), inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _larger, max_leaves=12)


def _stepped(step):
    """The step with every sigma_1 as the value x(i) before the step."""
    return rebuild(step, lambda n, args: build(Op.STATE, value="x") if n.op == Op.VAR and n.value == "sigma_1" else None)


ATOMS = st.one_of(
    st.builds(build, st.sampled_from(COMPARISONS), EXPRESSIONS, EXPRESSIONS),
    st.builds(lambda op, e, x: build(op, e, value=x), st.sampled_from((Op.INCREASING, Op.DECREASING)), EXPRESSIONS, NAMES),
    st.builds(lambda op, e, v, x: build(op, e, v, value=x), st.sampled_from((Op.LIMIT, Op.RATE)), EXPRESSIONS,
              st.one_of(EXPRESSIONS, st.just(build(Op.INF))), NAMES),
    st.builds(lambda a, b, f, g, h: build(Op.RECURRENCE, a, b, _stepped(f), g, h, h, value=("i", ("x", "y"))),
              EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS),
)
STATEMENTS = st.recursive(ATOMS, lambda inner: st.one_of(
    st.lists(inner, min_size=2, max_size=4).map(lambda xs: build(Op.AND, *xs)),
    st.builds(build, st.sampled_from((Op.IMPLIES, Op.IFF)), inner, inner),
    st.builds(lambda a, b, p: build(Op.FORALL, a, b, p, value="i"), EXPRESSIONS, EXPRESSIONS, inner),
), max_leaves=5)
