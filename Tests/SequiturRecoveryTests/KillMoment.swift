import SeededRandom
import TestBroker

/// When the worker is killed.
struct KillMoment: CustomStringConvertible {
  enum Phase: String {
    /// While it starts, joins and restores.
    case start
    /// While it restores from nothing: the store was deleted.
    case restore
    /// Under load: in transactions, drains and flushes.
    case load
    /// After SIGTERM: in the last transaction, the last drains, the last flush.
    case stop
  }

  /// What a kill waits for when its time has come: flushes and drains are so short that random kills seldom meet one.
  enum Aim: String, CaseIterable {
    case transaction, drain, flush, restore
  }

  let phase: Phase
  /// From the phase's beginning.
  let milliseconds: Int
  let aim: Aim?

  /// Every other round is aimed, and the aims take turns; the others are killed wherever they are.
  init(round: Int, _ random: inout SplitMix64) {
    aim = round.isMultiple(of: 2) ? Aim.allCases[round / 2 % Aim.allCases.count] : nil
    switch (aim, random.next() % 10) {
    case (.restore, _): phase = .restore
    case (.transaction, _), (.drain, _), (.flush, _): phase = .load
    case (nil, 0): phase = .start
    case (nil, 1), (nil, 2): phase = .restore
    case (nil, 3): phase = .stop
    case (nil, _): phase = .load
    }
    let range: UInt64 =
      switch phase {
      case .start: 500
      case .restore: aim == nil ? 700 : 50
      case .load: 2500
      case .stop: 60
      }
    milliseconds = Int(random.next() % range)
  }

  var description: String {
    "\(phase.rawValue) + \(milliseconds) ms" + (aim.map { ", aimed at a \($0.rawValue)" } ?? "")
  }
}
