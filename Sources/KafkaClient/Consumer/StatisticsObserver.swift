/// Told a client's statistics: one JSON object, as librdkafka's STATISTICS.md describes it, valid only during the call.
///
/// Called on the thread that polls, each `statistics.interval.ms`; it must not call the client.
public typealias StatisticsObserver = @Sendable (_ json: UnsafeRawBufferPointer) -> Void
