-- Two roles: the owner changes the schema (and makes a database for `qilu drill`), the application serves and
-- owns nothing. Choose both passwords.
-- Goes nowhere: run once, as the server's superuser: sudo -u postgres psql -v ON_ERROR_STOP=1 -f roles.sql
CREATE ROLE qilu_owner LOGIN CREATEDB PASSWORD 'choose-the-first';
CREATE ROLE qilu_app LOGIN PASSWORD 'choose-the-second';
CREATE DATABASE qilu OWNER qilu_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE qilu FROM PUBLIC;
GRANT CONNECT ON DATABASE qilu TO qilu_app;
\connect qilu
ALTER SCHEMA public OWNER TO qilu_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO qilu_app;
