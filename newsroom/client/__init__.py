"""The Python client of the API: every list walked, every answer typed plainly, exports checked.

    from newsroom.client import Newsroom

    with Newsroom("http://127.0.0.1:8000") as newsroom:
        print(newsroom.trends(metric="lean", by="publisher").to_pandas())

It needs httpx2 and rich of this project and nothing else of it: no database, no server. Tables ask
for pandas or polars where they are made. See docs/tutorial.md.
"""

from newsroom.client.exports import Exported
from newsroom.client.reading import Newsroom
from newsroom.client.rows import Rows

__all__ = ["Exported", "Newsroom", "Rows"]
