#!/usr/bin/env bash
# shellcheck disable=SC2086  # the options are words
exec java ${KAFKA_HEAP_OPTS:--Xmx384m -Xms64m} -XX:+UseSerialGC -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError \
  ${KAFKA_OPTS:-} -Djava.awt.headless=true -Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.properties \
  -cp '/opt/kafka/libs/*' "$@"
