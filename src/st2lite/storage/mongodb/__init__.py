"""The store on MongoDB, for many hosts; pymongo is used nowhere else."""
