"""What schemathesis cannot know: photos, which differences HTTP does not make, and what is asked twice."""

import io
import os
import random
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario
from schemathesis.specs.openapi.checks import negative_data_rejection

SIZE = (96, 96)
IS_LONG = "SCHEMATHESIS_EXAMPLES" in os.environ
REFUSED_BY_ALL_ALIKE = ("OPTIONS", "QUERY", "TRACE")
_asked: set[tuple[object, ...]] = set()


def make_photo(seed: int) -> bytes:
    pixels = random.Random(seed).randbytes(SIZE[0] * SIZE[1] * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", SIZE, pixels).save(file, "JPEG")
    return file.getvalue()


PHOTOS = [make_photo(seed) for seed in range(5)]

schemathesis.openapi.format("binary", st.one_of(st.sampled_from(PHOTOS), st.binary(max_size=200)))

# JSON by other names, as browsers send it.
schemathesis.serializer.alias(["application/csp-report", "application/reports+json"], "application/json")


@schemathesis.hook
def filter_case(context: HookContext, case: Case) -> bool:
    """In a short run, what all operations have in common is asked of one of them.

    Two in five of the cases at the limits only repeat at another address which headers there are, which
    methods there are not, and what `page_size` cannot be. Each operation still gets something wrong in each
    of its parameters.
    """
    phase = case.meta.phase.data if case.meta else None
    if IS_LONG or not isinstance(phase, CoveragePhaseData):
        return True
    questions = _questions(case, phase)
    is_new = not questions or not _asked.issuperset(questions)
    _asked.update(questions)
    return is_new


def _questions(case: Case, phase: CoveragePhaseData) -> list[tuple[object, ...]]:
    """What the case asks; nothing where it is a question to this operation in particular."""
    where, scenario = phase.parameter_location, phase.scenario
    if where == ParameterLocation.HEADER and phase.parameter is None:
        return [(scenario, frozenset(case.headers or ()))]
    if scenario == CoverageScenario.MALFORMED_CONTENT_TYPE and not case.operation.body:
        return [(scenario,)]
    if scenario == CoverageScenario.UNSPECIFIED_HTTP_METHOD and case.method in REFUSED_BY_ALL_ALIKE:
        return [(scenario, case.method)]
    if where == ParameterLocation.QUERY and scenario == CoverageScenario.INCORRECT_TYPE:
        wrong = repr((case.query or {}).get(phase.parameter))
        return [(case.operation.label, phase.parameter), (phase.parameter, wrong)]
    return []


@schemathesis.check
def forbidden_requests_are_refused(ctx: CheckContext, response: Response, case: Case) -> None:
    """`negative_data_rejection`, except where forms, and DRF after them, see no difference."""
    phase = case.meta.phase.data if case.meta else None
    where, what = getattr(phase, "parameter_location", None), getattr(phase, "description", None) or ""
    if where == ParameterLocation.BODY and "type" in what:
        return  # 0 is read as the text "0", and "0" as the number
    sent = parse_qsl(urlsplit(response.request.url or "").query, keep_blank_values=True)
    if where == ParameterLocation.QUERY and any(not value for _, value in sent):
        return  # an empty filter is no filter
    negative_data_rejection(ctx, response, case)
