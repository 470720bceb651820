"""The only home of torch: it loads, runs, records and measures, and knows neither checks nor wording of verdicts."""
