import HTTPTypes
import KafkaClient
import Sequitur
import SequiturHTTP

/// `POST /objects/{key}/commands/{type}` and `GET /outcomes/{token}`.
struct CommandRoutes: Sendable {
  let door: CommandDoor
  let watch: OutcomeWatch
  let search: @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding
  private let answers: AnswerCounts
  private let room = PayloadRoom(bytes: GatewayLimits.payloadBytesHeld)

  init(
    door: CommandDoor, watch: OutcomeWatch,
    search: @escaping @Sendable (CommandPosition) async throws -> OutcomeSearch.Finding,
    answers: AnswerCounts = AnswerCounts()
  ) {
    self.door = door
    self.watch = watch
    self.search = search
    self.answers = answers
  }

  var routes: [HTTPRoute] {
    [
      HTTPRoute(
        .post, "/objects/:key/commands/:type", bodyBytesMax: GatewayLimits.payloadBytesMax, handler: take
      )
      .asking { call in
        .write(
          key: try CommandRequest.key(of: call),
          command: String(decoding: call.parameters["type"] ?? [], as: UTF8.self))
      },
      .get("/outcomes/:token", access: .known, outcome),
    ]
  }

  @Sendable private func take(_ call: HTTPCall) async throws -> HTTPAnswer {
    let id = try CommandRequest.id(call.head.headerFields)
    var answer: HTTPAnswer
    do {
      // Room is taken before the first byte comes: who says no length must not take it from all others.
      let fields = call.head.headerFields
      guard
        let bytes = fields[.contentLength].map({ Int($0) ?? 0 })
          ?? (fields[.transferEncoding] == nil ? 0 : nil)
      else {
        throw Problem.edge(
          "length-required", "Expected a Content-Length: a body in chunks is not taken.", .lengthRequired)
      }
      guard room.enter(bytes) else { throw Self.noRoom }
      defer { room.leave(bytes) }
      let request = try await CommandRequest(call, id: id)
      switch try await door.take(request) {
      case .decided(let outcome): answer = CommandAnswer.decided(outcome)
      case .appended(let position): answer = CommandAnswer.appended(position)
      }
    } catch let failure as CommandDoor.Failure {
      answer = CommandAnswer.failed(failure).answer
    } catch let problem as Problem {
      answer = problem.answer
    }
    // Told with problems too: who repeats the request must use the same one.
    answer.fields[.idempotencyKey] = id
    answers.add(answer.status)
    return answer
  }

  private static let noRoom = Problem(
    .tooManyRequests, "too-many-bytes",
    "Expected room for the payload, but the requests that are held have \(GatewayLimits.payloadBytesHeld >> 20) MiB. Nothing "
      + "was appended. Send it again.", retryAfter: 1)

  @Sendable private func outcome(_ call: HTTPCall) async throws -> HTTPAnswer {
    guard let text = call.parameters["token"].map({ String(decoding: $0, as: UTF8.self) }),
      let position = CommandPosition(token: text)
    else { throw Problem.edge("malformed", "Expected a token like 3-1042: a partition and an offset.") }
    guard let outcome = try await decided(position, call) else { return CommandAnswer.appended(position) }
    try call.demand(.outcome(key: outcome.key))
    return CommandAnswer.decided(outcome)
  }

  /// What was decided of a command, perhaps behind a wait; nil: nothing yet.
  private func decided(_ position: CommandPosition, _ call: HTTPCall) async throws -> CommandOutcome? {
    if let outcome = watch.recent(position) { return outcome }
    switch try await found(position) {
    case .found(let outcome): return outcome
    case .unknown:
      throw Problem(
        .notFound, "unknown-command-position",
        "Expected an outcome at \(position.token), but there is none: no command of this number was decided, or its outcome "
          + "is not kept any more.")
    case .pending: break
    }
    let seconds = QueryItems(call.query)["wait"].flatMap { Int64($0) } ?? 0
    guard seconds > 0 else { return nil }
    let time = GatewayLimits.wait(ofSeconds: seconds)
    guard case .outcome(let outcome) = await watch.outcome(of: position, within: time) else { return nil }
    return outcome
  }

  private func found(_ position: CommandPosition) async throws -> OutcomeSearch.Finding {
    do {
      return try await search(position)
    } catch let error as KafkaError {
      if [.unknownPartition, .unknownTopicOrPartition].contains(error.code) { return .unknown }
      throw Problem.brokerAway("tell the outcome", error)
    }
  }
}
