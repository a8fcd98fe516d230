-- A database for each service.
CREATE DATABASE training;
CREATE DATABASE complaints;
CREATE DATABASE evaluation;
CREATE DATABASE accountability;
CREATE DATABASE scorecard;
