import Sequitur
import SequiturJSON

/// A decider with every kind of case that the codec meets.
struct OrderDecider: JSONDecider {
  enum Command: Decodable, Equatable {
    case create(customer: String, lines: [Line], note: String?)
    case amend(total: Int)
    case close
    case tag(String)

    // `amend` is called `change` on the wire, and its field `amount`.
    enum CodingKeys: String, CodingKey {
      case create, close, tag
      case amend = "change"
    }
    enum AmendCodingKeys: String, CodingKey { case total = "amount" }
  }

  enum Event: Codable, Equatable {
    case created(customer: String, lines: [Line], note: String?)
    case amended(total: Int)
    case closed
    case odd(ratio: Double)

    enum CodingKeys: String, CodingKey {
      case created, closed
      case amended = "order/changed"
      case odd = "o\"dd"
    }
  }

  struct Line: Codable, Equatable {
    var item: String
    var price: Int
  }

  struct State: Codable, Equatable {
    var total: Int
    var customer: String
    var path = "a/b"
  }

  func decide(
    _ command: Command, on state: State?, in context: borrowing DecisionContext
  ) -> Decision<Event> {
    .accept(.closed)
  }

  func evolve(_ state: State?, by event: Event) -> State? { state }
}

/// An event that is no enum.
struct PlainEventDecider: JSONDecider {
  enum Command: Decodable { case go }
  struct Event: Codable { var first = ["a": 1], second = ["b": 2] }
  struct State: Codable {}

  func decide(
    _ command: Command, on state: State?, in context: borrowing DecisionContext
  ) -> Decision<Event> {
    .accept(Event())
  }

  func evolve(_ state: State?, by event: Event) -> State? { State() }
}
