"""`brisc data verify`: whatever is wrong or odd has its name, and a good set passes."""
