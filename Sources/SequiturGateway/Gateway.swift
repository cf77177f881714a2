import BlockingThreads
import KafkaClient
import Logging
import RulesModel
import Sequitur
import SequiturHTTP
import SequiturTopics
import SequiturViews

/// What a ``Gateway`` is told.
public struct GatewayConfiguration: Sendable {
  /// librdkafka's properties, `bootstrap.servers` among them.
  public var kafka: KafkaConfiguration
  /// The application's topics.
  public var topics: TopicNames
  /// Keeps the states of all objects of this changelog, and tells them; nil: it does not.
  public var view: ViewConfiguration?
  /// Whether it is asked who sends a request, for the document of the interface.
  public var asksWho = false
  /// What the workers decide by; the document of the interface is made from it. Nil: any command is taken.
  public var rules: Rules?
  /// Commands that wait for an acknowledgement or an outcome at once; more are answered 429. Default 10,000.
  public var requestsMax = GatewayLimits.requestsInFlight
  /// Where the gateway and its clients log.
  public var logger: Logger

  /// - Parameter kafka: with `bootstrap.servers`.
  public init(kafka: KafkaConfiguration, topics: TopicNames, rules: Rules? = nil, logger: Logger) {
    self.kafka = kafka
    self.topics = topics
    self.rules = rules
    self.logger = logger
  }
}

/// The door for HTTP: takes commands, and tells what became of them.
///
///     request ─▶ CommandDoor: admit ─▶ append ─▶ wait ─▶ answer
///                                ▲                ▲
///                     CommandAdmission     OutcomeWatch: valid, invalid
///
/// It keeps nothing that another gateway would need: any number may run, and one that is killed loses nothing. Started and
/// stopped once. Any thread.
public final class Gateway: Sendable {
  private let watch: OutcomeWatch
  private let producer: CommandProducer
  private let door: CommandDoor
  private let answers: AnswerCounts
  private let pulse: GatewayPulse
  private let pulsing: Task<Void, Never>
  private let objects: GatewayView?
  private let following: Task<Void, Never>?
  private let threads: [BlockingThread]

  /// What it answers, for an `HTTPServer`.
  public let routes: [HTTPRoute]
  /// The streams among the routes, which the server closes when it stops.
  public let feeds: [EventFeed]

  /// Asks for the topics and where they end; blocks. From then on outcomes are followed.
  ///
  /// - Throws: `TopicFault` when nobody answers, or a topic is not there; `KafkaError`; `ViewFault`.
  public init(_ configuration: GatewayConfiguration) throws {
    let topics = configuration.topics
    var partitions: Int32 = 0
    for name in [topics.commands, topics.valid, topics.invalid] {
      let metadata = try TopicLookUp.metadata(name, kafka: configuration.kafka, logger: configuration.logger)
      let count = Int32(metadata.topic(name)?.partitions.count ?? 0)
      guard partitions == 0 || partitions == count else {
        throw GatewayFault(
          "Expected the topic \(name) to have \(partitions) partitions, as \(topics.commands) has, but it has \(count). "
            + "Name the topics of one application.")
      }
      partitions = count
    }
    let rings = LiveFeed.Rings()
    let watch = try OutcomeWatch(
      topics, partitions: partitions, feeds: rings, kafka: configuration.kafka, logger: configuration.logger)
    let producer = try CommandProducer(
      to: topics.commands, kafka: configuration.kafka, logger: configuration.logger)
    let pool = FetcherPool(kafka: configuration.kafka, logger: configuration.logger)
    let search: @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding = { position in
      try await pool.run { fetcher, request in try OutcomeSearch(topics, fetcher, for: request).find(position)
      }
    }
    let door = CommandDoor(
      partitions: partitions, producer: producer, watch: watch, requestsMax: configuration.requestsMax,
      search: search)
    let document = OpenAPIDocument.make(of: configuration.rules, asksWho: configuration.asksWho)
    let answers = AnswerCounts()
    let room = PayloadRoom(bytes: GatewayLimits.payloadBytesHeld)
    let objects = try configuration.view.map { view throws(ViewFault) in try GatewayView(view) }
    let pulse = GatewayPulse(
      topic: topics.commands,
      admin: try KafkaAdmin(configuration: configuration.kafka, logger: configuration.logger))
    routes =
      BatchRoutes(door: door, answers: answers, room: room).routes
      + CommandRoutes(door: door, watch: watch, search: search, answers: answers, room: room).routes
      + ObjectRoutes(objects: objects).routes
      + HistoryRoutes(topics: topics, partitions: partitions, pool: pool).routes
      + rings.routes + GatewayPage.routes
      + FeedPages(topics: topics, partitions: partitions, pool: pool).routes
      + FeedPolls(topics: topics, partitions: partitions, pool: pool, news: rings.news).routes + [
        .get("/openapi.json", access: .known) { _ in HTTPAnswer(.ok, "application/json", document) }
      ]
    feeds = [rings.whole, rings.thin]
    self.watch = watch
    self.producer = producer
    self.door = door
    self.answers = answers
    self.pulse = pulse
    pulsing = Task { await pulse.run() }
    self.objects = objects
    following = objects.map { objects in Task { await objects.run() } }
    threads = [
      BlockingThread(name: "outcomes") { watch.run() }, BlockingThread(name: "deliveries") { producer.run() },
    ]
  }

  /// How the view of the objects is; nil without one.
  public var view: ViewStatus? { objects?.view.status }

  /// How it is at this moment; waits for nothing.
  public var health: GatewayHealth {
    let (silence, fault) = pulse.look
    return GatewayHealth(
      held: door.held, answers: answers.all, outcomes: watch.outcomeCount, silence: silence / .seconds(1),
      fault: fault,
      stalls: door.stalls.map {
        GatewayHealth.Stall(partition: $0.partition, behind: $0.behind, seconds: $0.seconds)
      })
  }

  /// Ends every wait for an outcome, and later ones at once: such commands are answered 202.
  public func endWaits() { watch.stop() }

  /// Ends the waits, and returns when what was sent is acknowledged or has failed. The server must have stopped.
  public func stop() async {
    pulsing.cancel()
    objects?.stop()
    await following?.value
    watch.stop()
    producer.stop()
    for thread in threads { await thread.join() }
  }
}

/// A gateway cannot begin.
public struct GatewayFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was expected, what was found, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
