"""The half in Python: counts words with what comes with Python."""
import re
from collections import Counter

from wit_world import exports


class Text(exports.Text):
    def count(self, text):
        counts = Counter(re.findall(r"\w+", text.lower()))
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
