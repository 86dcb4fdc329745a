"""Tags of each family, brought to one form.

**Names** are those of Vorbis comments as MusicBrainz Picard writes them, upper case. **Values** are ordered lists of
strings exactly as in the file; numbers are strings too. An unknown key passes through under its own name, upper case.

    ID3 `TRCK "03/12"`, MP4 `trkn (3, 12)`  →  TRACKNUMBER ["03"] / ["3"], TRACKTOTAL ["12"]
    ID3 `TCON "(17)"`                       →  GENRE ["Rock"]
    ID3 `COMM desc="rip"`                   →  COMMENT:RIP
    ID3 `TMCL [["piano", "Nina"]]`          →  PERFORMER ["Nina (piano)"]

Names that begin with `_` are derived and have no native counterpart of one meaning:

| name | value |
|---|---|
| `_RATING` | a fraction from 0 to 1, one for each rating that the file holds (POPM n/255, WM/SharedUserRating n/99, MP4 `rate` n/100, FMPS_RATING and `RATING:…` as they are) |
| `_PLAYCOUNT` | a whole number (POPM counter, PCNT, FMPS_PLAYCOUNT) |
| `_CHAPTERS` | `HH:MM:SS.mmm title` (ID3 CHAP, MP4 chpl) |
| `_CUESHEET` | `01 HH:MM:SS.mmm` and the ISRC where there is one (FLAC CUESHEET block) |

The raw tags stand beside them, so the mapping can be made again when it grows.
"""  # noqa: E501  (one row of the table a line)
