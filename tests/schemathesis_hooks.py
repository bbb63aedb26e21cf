"""What schemathesis cannot know: what a photo is, and which differences HTTP does not make."""

import io
import random
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis import Case, CheckContext, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection

SIZE = (96, 96)


def make_photo(seed: int) -> bytes:
    pixels = random.Random(seed).randbytes(SIZE[0] * SIZE[1] * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", SIZE, pixels).save(file, "JPEG")
    return file.getvalue()


PHOTOS = [make_photo(seed) for seed in range(5)]

schemathesis.openapi.format("binary", st.one_of(st.sampled_from(PHOTOS), st.binary(max_size=200)))

# JSON by other names, as browsers send it.
schemathesis.serializer.alias(["application/csp-report", "application/reports+json"], "application/json")


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
