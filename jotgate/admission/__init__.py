"""Who may open a form: codes and apps as grants, the gate that decides, and what ends a pass early."""
