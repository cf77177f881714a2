import Foundation
import Logging
import SequiturFollower
import SequiturViews

/// What checkout needs of a price; the pricing service may keep more.
struct Price: Decodable, Sendable {
  var cents: Int
}

/// checkout [bootstrap servers]
///
/// Keeps the prices of the application `prices` (Examples/Prices) at hand, and prints each change as it comes. The pricing
/// service knows nothing of it.
@main enum Checkout {
  static func main() async throws {
    let arguments = CommandLine.arguments
    let prices = try ObjectView<Price>(
      of: .changelog(application: "prices"), storage: .memory,
      kafka: ["bootstrap.servers": arguments.count > 1 ? arguments[1] : "localhost:9092"],
      logger: Logger(label: "checkout"))
    let changes = prices.changes()
    async let running: Void = prices.run()
    try await prices.caughtUp()
    for price in try prices.objects(limit: 1_000).objects { say("\(price.key): \(price.value.cents) cents") }
    say("caught up")
    for try await change in changes {
      switch (change.old, change.new) {
      case (nil, let new?): say("\(change.key): \(new.cents) cents, new")
      case (let old?, let new?): say("\(change.key): \(new.cents) cents, was \(old.cents)")
      case (let old?, nil): say("\(change.key): withdrawn, was \(old.cents)")
      case (nil, nil): break
      }
    }
    try await running
  }

  /// Prints at once, also into a pipe.
  private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
