import ArgumentParser
import SequiturFollower
import SequiturHTTP
import SequiturViews
import TerminalView

/// `sequitur view`.
struct ViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Follow the states of an application's objects.",
    discussion: """
      Reads the application's changelog: neither a worker nor the events are needed, and no right but Read on that topic. \
      Each line is an object as a transaction left it:

        {"key":"k","state":{…},"version":3,"position":"3-1042"}

      A deleted object has "state":null. The position is <partition>-<offset> of a command: what was printed of a \
      partition, up to its last line with a position, is the state after exactly the commands up to that one. A state that \
      is no JSON stands as "base64", a key that is no UTF-8 as "keyHex".

      With --serve it answers programs over HTTP instead: /objects/KEY, /objects?after=KEY&limit=N, /changes as server-sent \
      events, and /status. ?token=3-1042 waits until that command is covered. --http is for operators and their machines. \
      --auth FILE says who may read, at both.

      Goes on until SIGTERM or SIGINT. Ends with 1 when the changelog cannot be followed exactly.
      """)

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @OptionGroup var http: HTTPOptions

  @Flag(help: "Print each change as a line of JSON.")
  var print = false

  @Flag(name: .customLong("until-caught-up"), help: "End when what was committed at the start is printed.")
  var untilCaughtUp = false

  @Option(help: "Serve the objects at HOST:PORT; port 0 takes a free one.") var serve: String?

  @Flag(
    help: "Serve at an address that others reach, although nobody is asked who they are (without --auth).")
  var insecure = false

  @Option(
    help: "Keep what --serve serves in this directory, and go on there after a restart; else in memory.")
  var directory: String?

  func validate() throws {
    guard print != (serve != nil) else {
      throw ValidationError("Expected --print or --serve: one of them says what becomes of the changes.")
    }
    if serve != nil, untilCaughtUp {
      throw ValidationError("Expected --until-caught-up with --print, but with --serve there is no end.")
    }
    if serve == nil, directory != nil {
      throw ValidationError("Expected --directory with --serve: what is printed is not kept.")
    }
    if directory?.isEmpty ?? false {
      throw ValidationError("Expected a name behind --directory, but it is empty.")
    }
  }

  func run() async throws {
    let settings = try kafka.resolve(defaultLogLevel: .warning)
    let names = try topics.topics(settings.settings, for: [.commands, .changelog])
    let topic = FollowedTopic.changelog(names, of: try topics.applicationID(settings.settings))
    let plan = try http.plan(settings.settings, isOnByDefault: false)
    if let serve {
      let address: HTTPAddress
      do throws(HTTPServerFault) { address = try HTTPAddress(parsing: serve) } catch {
        throw CommandFailure("\(error)")
      }
      let accessFile = try http.accessFile(settings.settings)
      try DoorAccess.check(address, flag: "--serve", accessFile, isInsecure: insecure)
      let tls = try http.files(settings.settings)
      let gate = try await DoorAccess.gate(accessFile, at: address, tls, logger: settings.logger)
      let view = try ObjectView<[UInt8]>(
        ViewConfiguration(
          of: topic, storage: directory.map { .directory($0) } ?? .memory, kafka: settings.client(),
          logger: settings.logger)
      ) { Array($0) }
      let operations = ViewService(topic, settings: ServiceStatus.Setting.all(settings)) {
        ViewService.Look(view.status)
      }
      return try await OpenDoor.around(plan, operations, logger: settings.logger) {
        try await ViewServer.run(
          view, of: topic, at: address, tls: tls, authenticator: gate, logger: settings.logger)
      }
    }
    var configuration = FollowerConfiguration(
      kafka: settings.client(), topic: topic, logger: settings.logger)
    configuration.stopsWhenCaughtUp = untilCaughtUp
    let follower = Follower(configuration: configuration, sink: ViewPrinter())
    let start = ContinuousClock.now
    let operations = ViewService(topic, settings: ServiceStatus.Setting.all(settings)) {
      ViewService.Look(follower.statuses, since: start)
    }
    try await OpenDoor.around(plan, operations, logger: settings.logger) {
      try await FollowRunner.run(follower, endsBySignal: !untilCaughtUp)
    }
  }
}
