import ArgumentParser
import BlockingThreads
import KafkaClient
import LifecycleRules
import RulesModel
import SequiturFollower
import SequiturGateway
import SequiturHTTP
import SequiturSettings
import SequiturTopics
import SequiturViews
import SequiturWorker
import TerminalView

/// `sequitur gateway`.
struct GatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway", abstract: "Take commands over HTTP, and answer with their outcome.",
    discussion: """
      POST /objects/KEY/commands/TYPE appends a command and answers with what a worker decided. GET /outcomes/TOKEN tells \
      it later. POST /commands takes many, a line of JSON each as `submit` reads them. GET /objects/KEY and GET /objects tell \
      states, with --view; GET /objects/KEY/events an object's events. /feed/PARTITION/N are pages of events that caches may keep, /feed/live streams them. /openapi.json \
      describes the commands of the rules. /live, /ready, /metrics, /status and the page at / are for operators and their \
      machines: a proxy should keep them to itself.

      --auth FILE says who may do what: nothing but /live and /ready is answered then without a token or a certificate that \
      the file knows.

      It keeps nothing: start as many as needed, behind any balancer. SIGTERM or SIGINT finishes the requests under way; \
      what a killed gateway had appended is decided all the same.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions

  @OptionGroup var door: HTTPOptions

  @Option(help: "The rules that the workers decide by, for /openapi.json.")
  var rules: String?
  @Flag(help: "Keep the states of all objects in memory, and answer for them.")
  var view = false
  @Option(
    name: .customLong("view-directory"), help: "Keep them in this directory, and go on there after a restart."
  )
  var viewDirectory: String?
  @Option(name: .customLong("requests-max"), help: "Requests that are held at once; more are answered 429.")
  var requestsMax = 10_000
  @Flag(
    help: "Listen on an address that others reach, although nobody is asked who they are (without --auth).")
  var insecure = false

  func validate() throws {
    if viewDirectory?.isEmpty ?? false {
      throw ValidationError("Expected a name behind --view-directory, but it is empty.")
    }
    guard requestsMax > 0 else { throw ValidationError("Expected --requests-max of at least 1.") }
  }

  func run() async throws {
    ProcessMemory.bound()
    let settings = try kafka.resolve(defaultLogLevel: .info)
    let (address, tls) = try listening(settings.settings)
    let gate = try await DoorAccess.gate(
      door.accessFile(settings.settings), at: address, tls, logger: settings.logger)
    let hostNames = try door.hostNames(settings.settings)
    let names = try topics.topics(settings.settings, for: [.commands, .valid, .invalid, .changelog])
    var configuration = GatewayConfiguration(
      kafka: settings.client(), topics: names, rules: try rules.map { try Rules.load($0) },
      logger: settings.logger)
    configuration.requestsMax = requestsMax
    configuration.asksWho = gate != nil
    if view || viewDirectory != nil {
      configuration.view = ViewConfiguration(
        of: .changelog(names, of: try topics.applicationID(settings.settings)),
        storage: viewDirectory.map { .directory($0) } ?? .memory, kafka: settings.client(),
        logger: settings.logger)
    }
    let gateway = try await Self.start(configuration)
    let operations = OperationsDoor(
      GatewayService(
        gateway, names, of: try topics.applicationID(settings.settings),
        settings: ServiceStatus.Setting.all(settings)))
    var limits = HTTPLimits()
    limits.requestsMax = requestsMax + Self.requestsBeside
    limits.connectionsMax = requestsMax + Self.requestsBeside + Self.streamsMax
    limits.streamsMax = Self.streamsMax
    let server = HTTPServer(
      routes: gateway.routes + operations.routes, limits: limits, tls: tls,
      feeds: gateway.feeds + operations.feeds, hostNames: hostNames, authenticator: gate,
      logger: settings.logger)
    let stop = OneTimeEvent()
    let interrupt = Interrupt { stop.signal() }
    interrupt.watch()
    do throws(HTTPServerFault) {
      let bound = try await server.start(at: address)
      settings.logger.info(
        "the gateway listens", metadata: ["address": "\(tls == nil ? "http" : "https")://\(bound)"])
    } catch {
      await gateway.stop()
      throw CommandFailure("\(error)")
    }
    let looks = Task { await operations.run() }
    await stop.wait()
    looks.cancel()
    // What waits is answered with its token; what is on its way to the broker has the server's time to end.
    gateway.endWaits()
    await server.stop()
    await gateway.stop()
  }

  /// Clients of the live feed.
  private static let streamsMax = 2000
  /// Requests for outcomes and pages, beside the commands that are held.
  private static let requestsBeside = 1000

  private static let standard = HTTPAddress(host: "127.0.0.1", port: 8080)

  /// Where to listen, and with which certificate.
  private func listening(_ settings: Settings) throws -> (HTTPAddress, TLSFiles?) {
    guard try settings.text(door.http, .http) != "off" else {
      throw CommandFailure(
        "Expected an address as HOST:PORT with --http, but it says off: a gateway is nothing else.")
    }
    let plan = try door.plan(settings, isOnByDefault: false)
    let address = plan?.address ?? Self.standard
    try DoorAccess.check(
      address, flag: "--http", try door.accessFile(settings), isInsecure: insecure)
    return (address, plan?.tls)
  }

  private static func start(_ configuration: GatewayConfiguration) async throws -> Gateway {
    do {
      return try await withBlockingThread("start", throwing: { try Gateway(configuration) })
    } catch let fault as GatewayFault {
      throw CommandFailure("\(fault)")
    }
  }
}
