"""How do several channels become one number?"""

from pages.learn.channels import parts

for name, tab in parts.tabs().items():
    if tab.open:
        with tab:
            parts.PARTS[name]()
parts.questions()
