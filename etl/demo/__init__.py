"""A seeded synthetic county seat, 云河县, written in the raw formats a county hands over.

Everything is fictional: the place, the codes, the names. What is in the files and which dirt:
etl/demo/files.py; what happened and the truth to compare with: etl/demo/story.py.
"""

from etl.demo.files import demo_truth, write_demo

__all__ = ["demo_truth", "write_demo"]
