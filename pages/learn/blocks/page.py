"""What are modern networks built from?"""

from pages.learn.blocks import parts

for name, tab in parts.tabs().items():
    if tab.open:
        with tab:
            parts.PARTS[name]()
parts.questions()
