export const HELP = `Runs all of Roost on this machine as a cluster would: PostgreSQL, Redis, Kafka, and each service in a
separate process. For development and tests; "npm start" runs the same services in one process.

  npm run start:distributed

It uses the ports, the data folder (.roost) and the settings (.env, .env.example) of "npm start", and KAFKA_PORT.
DATABASE_URL, REDIS_URL and KAFKA_BROKERS name servers of your own; the other servers are started here. Starting Kafka
requires Java 17 and, once, Maven.

Each line of a service is shown after its name; LOG_LEVEL=warn shows less, NO_COLOR=1 turns colours off. All lines are
in roost.log in the data folder, as JSON.

To test how the other services work without one (process ids are printed at the start):
  kill <number>              stops a service; it stays stopped
  kill -9 <number>           kills a service; it is restarted
  kill -USR2 <this process>  starts stopped services again

Ctrl-C stops everything.`;
