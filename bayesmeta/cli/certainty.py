"""The command `bayesmeta certainty`: what bears on the certainty of evidence in bands of the rate."""

from typing import Annotated

import typer

from bayesmeta.cli.answers import Answer, SavedFit, answering
from bayesmeta.cli.options import Profiles
from bayesmeta.cli.parsing import parsed_bands, parsed_profile


@answering("certainty")
def certainty(
    saved: SavedFit,
    band: Annotated[
        list[str],
        typer.Option(
            help="Range of the rate, from a lower to a higher end, such as 0:0.2. Repeat."
        ),
    ],
    required: Annotated[
        float | None,
        typer.Option(
            help="Probability required of a band that ends at 1. Finds where missing studies would change it."
        ),
    ] = None,
    profile: Profiles = None,
) -> Answer:
    """Print the probability that the rate lies in each band; people judge the certainty."""
    import bayesmeta as bm
    from bayesmeta.report.certainty_text import certainty_blocks, certainty_json

    words = saved.words  # Labels are refused before the work.
    bands, at = parsed_bands(band), parsed_profile(profile)
    found = bm.certainty(saved.fit, bands=bands, profile=at, required=required)
    told = certainty_blocks(found, saved.fit.coding, at, words, required=required)
    content = certainty_json(found, saved.fit.coding, at, required=required)
    return Answer(content, [told], {"certainty": found}, bool(found["ok"].all()))
