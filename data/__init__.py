"""The warehouse: what is stored, what it means and how it is read. No Streamlit, no drawing."""
