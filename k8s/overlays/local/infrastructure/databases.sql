-- For each service a role that owns the tables, which only its migrations use, and a role that reads and writes rows.

CREATE ROLE roost_identity_owner LOGIN PASSWORD 'development';
CREATE ROLE roost_identity LOGIN PASSWORD 'development';
CREATE DATABASE roost_identity OWNER roost_identity_owner;
REVOKE ALL ON DATABASE roost_identity FROM PUBLIC;
GRANT CONNECT ON DATABASE roost_identity TO roost_identity;

CREATE ROLE roost_listings_owner LOGIN PASSWORD 'development';
CREATE ROLE roost_listings LOGIN PASSWORD 'development';
CREATE DATABASE roost_listings OWNER roost_listings_owner;
REVOKE ALL ON DATABASE roost_listings FROM PUBLIC;
GRANT CONNECT ON DATABASE roost_listings TO roost_listings;

CREATE ROLE roost_bookings_owner LOGIN PASSWORD 'development';
CREATE ROLE roost_bookings LOGIN PASSWORD 'development';
CREATE DATABASE roost_bookings OWNER roost_bookings_owner;
REVOKE ALL ON DATABASE roost_bookings FROM PUBLIC;
GRANT CONNECT ON DATABASE roost_bookings TO roost_bookings;

CREATE ROLE roost_payments_owner LOGIN PASSWORD 'development';
CREATE ROLE roost_payments LOGIN PASSWORD 'development';
CREATE DATABASE roost_payments OWNER roost_payments_owner;
REVOKE ALL ON DATABASE roost_payments FROM PUBLIC;
GRANT CONNECT ON DATABASE roost_payments TO roost_payments;

CREATE ROLE roost_reviews_owner LOGIN PASSWORD 'development';
CREATE ROLE roost_reviews LOGIN PASSWORD 'development';
CREATE DATABASE roost_reviews OWNER roost_reviews_owner;
REVOKE ALL ON DATABASE roost_reviews FROM PUBLIC;
GRANT CONNECT ON DATABASE roost_reviews TO roost_reviews;

-- The sandbox provider creates its tables itself.
CREATE ROLE roost_sandbox_owner LOGIN PASSWORD 'development';
CREATE DATABASE roost_sandbox OWNER roost_sandbox_owner;
REVOKE ALL ON DATABASE roost_sandbox FROM PUBLIC;
