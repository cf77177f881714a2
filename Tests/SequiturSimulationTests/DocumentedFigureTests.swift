import Foundation
import SequiturSimulation
import TestBroker
import Testing

/// The page on the simulation counts what the code has.
@Suite struct DocumentedFigureTests {
  private func page() throws -> String {
    try String(contentsOf: PackageRoot.url.appending(path: "docs/simulation.md"), encoding: .utf8)
      .replacingOccurrences(of: "\n", with: " ")
  }

  @Test func `situations, faults and steps are as many as the page says`() throws {
    let page = try page()
    #expect(page.contains("All \(SimulationSituation.allCases.count) rare situations were reached"))
    #expect(
      page.contains(
        "each of the \(Simulation.faultNames.count) faults struck at each of the \(Simulation.stepNames.count) steps"
      ))
    #expect(page.contains("All of it strikes at each of the \(Simulation.stepNames.count) steps as well"))
  }

  @Test func `every step and every mutation is named on the page`() throws {
    let page = try page()
    #expect(Simulation.stepNames.filter { !page.contains("`\($0)`") } == [])
    #expect(SimulationMutation.allCases.map(\.rawValue).filter { !page.contains("| `\($0)` |") } == [])
  }
}
