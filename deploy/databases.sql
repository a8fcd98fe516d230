-- A database for each service that keeps a log.
CREATE DATABASE training;
CREATE DATABASE complaints;
CREATE DATABASE evaluation;
CREATE DATABASE accountability;
