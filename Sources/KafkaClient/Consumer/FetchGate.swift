/// Called each time a broker has answered a consumer's fetch, before the records are in their queues. Until it returns,
/// the consumer handles nothing more of that broker and asks it for nothing: so it can hold back a consumer that fetches
/// faster than its records are taken. It is told the size of the answer.
///
/// Called on librdkafka's broker threads, on several at once where there are several brokers. rdkafka.h asks
/// interceptors of responses (`rd_kafka_interceptor_add_on_response_received`) not to block and not to call the client,
/// because the thread serves all of that connection's requests and their time-outs. What is safe nevertheless, by the
/// sources of librdkafka 2.0.2: to wait for less than `socket.timeout.ms`, since a group's coordinator has a
/// connection and a thread of its own, and to ask for ``KafkaQueue/count``, whose lock no caller of interceptors holds.
/// Nothing else of the client may be called. A gate must open before the consumer is dropped, or that waits for it.
public typealias FetchGate = @Sendable (_ responseBytes: Int) -> Void
