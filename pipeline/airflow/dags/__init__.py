"""What Airflow reads; it runs in Airflow's environment and imports nothing of this project."""
