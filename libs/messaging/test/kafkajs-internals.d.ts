declare module 'kafkajs/src/consumer/consumerGroup.js' {
  export default class ConsumerGroup {
    fetch(nodeId: number): Promise<unknown>;
  }
}
