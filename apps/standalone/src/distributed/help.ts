export const HELP = `Runs all of Roost on this machine as a cluster would: PostgreSQL, Redis, Kafka, and each service as a process of its
own. For development and tests; "npm start" runs the same services in one process.

  npm run start:distributed

It takes the ports, the data folder (.roost) and the settings (.env, .env.example) of "npm start", and KAFKA_PORT.
DATABASE_URL, REDIS_URL and KAFKA_BROKERS name servers of your own; what is not named is started here. An own Kafka
needs Java 17 and, once, Maven.

Each line of a service is shown behind its name; LOG_LEVEL=warn shows less, NO_COLOR=1 shows no colours. The whole, as
JSON, is in the data folder's roost.log.

To see how the others get on without one (the numbers of the processes are printed at the start):
  kill <number>              a service that is asked to stop stays down
  kill -9 <number>           a service that dies is started again
  kill -USR2 <this process>  starts what stays down

Ctrl-C stops everything.`;
