"""A separate program that answers as Plant.id v3 and Pl@ntNet v2 do, with faults on demand."""
