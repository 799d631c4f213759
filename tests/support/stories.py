"""Made-up news as (headline, text): the same flood told twice, and something else."""

from __future__ import annotations

FLOOD = (
    "Flood shuts Tarn Bridge after record rain",
    (
        "The Tarn Bridge in Wexley was closed on Monday after the river Tarn rose by four metres in a "
        "night of record rain. Mayor Alda Finch said that 300 households were told to leave."
    ),
)
FLOOD_AGAIN = (
    "Wexley: 300 homes emptied as the Tarn floods",
    (
        "Record rain lifted the river Tarn by four metres and shut the Tarn Bridge in Wexley on "
        "Monday. About 300 households had to leave, mayor Alda Finch said."
    ),
)
CHESS = (
    "Teenager wins the national chess title",
    (
        "Sixteen-year-old Ines Marlow won the national chess championship in Porthcable with a draw "
        "in the last round, and becomes the youngest champion in forty years."
    ),
)
