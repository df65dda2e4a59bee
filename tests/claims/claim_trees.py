"""Random syntax for tests: well-formed expressions and statements."""

from fractions import Fraction

from hypothesis import strategies as st

from normbound.claims.syntax import (
    ABS,
    ADD,
    AND,
    COMPARISONS,
    CONST,
    DD,
    DECREASING,
    DIV,
    ELT,
    EXP,
    FORALL,
    IFF,
    IMPLIES,
    INCREASING,
    INF,
    LIMIT,
    LOG,
    MAX,
    MIN,
    MUL,
    NEG,
    NET,
    NET_FUNCTIONS,
    NUM,
    POW,
    PROD,
    RATE,
    RECURRENCE,
    SQRT,
    STATE,
    SUB,
    SUM,
    VAR,
    build,
    rebuild,
)

NAMES = st.sampled_from(("a", "b", "K", "sigma_1", "lambda"))
DECIMALS = st.builds(lambda n, k: Fraction(n, 10**k), st.integers(0, 10**9), st.integers(0, 12))
LEAVES = st.one_of(
    DECIMALS.map(lambda q: build(NUM, value=q)),
    NAMES.map(lambda n: build(VAR, value=n)),
    st.just(build(CONST, value="pi")),
    st.sampled_from(NET_FUNCTIONS).map(lambda f: build(NET, value=(f, "net"))),
)


def _larger(inner):
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.builds(lambda op, ab: build(op, *ab), st.sampled_from((ADD, SUB, MUL, DIV, POW)), pairs),
        st.builds(build, st.sampled_from((NEG, SQRT, EXP, LOG, ABS)), inner),
        st.builds(lambda op, xs: build(op, *xs), st.sampled_from((MIN, MAX, DD)), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda op, i, xs: build(op, *xs, value=i), st.sampled_from((SUM, PROD)), st.sampled_from(("i", "j")),
                  st.tuples(inner, inner, inner)),
        st.builds(lambda x: build(ELT, x, value="s"), inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _larger, max_leaves=12)


def _stepped(step):
    """The step with every sigma_1 as the value x(i) before the step."""
    return rebuild(step, lambda n, args: build(STATE, value="x") if n.op == VAR and n.value == "sigma_1" else None)


ATOMS = st.one_of(
    st.builds(build, st.sampled_from(COMPARISONS), EXPRESSIONS, EXPRESSIONS),
    st.builds(lambda op, e, x: build(op, e, value=x), st.sampled_from((INCREASING, DECREASING)), EXPRESSIONS, NAMES),
    st.builds(lambda op, e, v, x: build(op, e, v, value=x), st.sampled_from((LIMIT, RATE)), EXPRESSIONS,
              st.one_of(EXPRESSIONS, st.just(build(INF))), NAMES),
    st.builds(lambda a, b, f, g, h: build(RECURRENCE, a, b, _stepped(f), g, h, h, value=("i", ("x", "y"))),
              EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS),
)
STATEMENTS = st.recursive(ATOMS, lambda inner: st.one_of(
    st.lists(inner, min_size=2, max_size=4).map(lambda xs: build(AND, *xs)),
    st.builds(build, st.sampled_from((IMPLIES, IFF)), inner, inner),
    st.builds(lambda a, b, p: build(FORALL, a, b, p, value="i"), EXPRESSIONS, EXPRESSIONS, inner),
), max_leaves=5)
