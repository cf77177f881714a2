extension OperationsPage {
  static let style = """
    :root {
      color-scheme: light dark;
      --page: light-dark(#f6f7f9, #14171b); --card: light-dark(#fff, #1d2228);
      --text: light-dark(#1a1f26, #e6e9ee); --soft: light-dark(#56606d, #a2adba);
      --line: light-dark(#d5dae1, #353d47); --good: light-dark(#0a7a3f, #4cc38a);
      --bad: light-dark(#b3261e, #ff8a80); --wait: light-dark(#8a5a00, #f0b541);
      --badcard: light-dark(#fdeceb, #3a1f1e); --waitcard: light-dark(#fff6e0, #33290f);
      --a: light-dark(#1f5fd0, #7aa7ff); --b: light-dark(#c2410c, #ff9f68);
      --c: light-dark(#0f766e, #4fd1c5); --d: light-dark(#7c3aed, #b794f4); --e: light-dark(#a16207, #ecc94b);
    }
    * { box-sizing: border-box }
    body { margin: 0; background: var(--page); color: var(--text);
      font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif }
    header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem }
    header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center;
      justify-content: space-between; padding-top: .75rem }
    h1 { font-size: 1.3rem; margin: .25rem 0; overflow-wrap: anywhere } h1 small { font-size: .8rem; font-weight: 400; color: var(--soft) }
    h2 { font-size: 1rem; margin: 1.25rem 0 .5rem } p { margin: .25rem 0 }
    .skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem }
    :focus-visible { outline: 3px solid var(--a); outline-offset: 2px }
    .badge { display: inline-block; padding: .15rem .7rem; border-radius: 1rem; font-weight: 600; border: 2px solid }
    .badge.good { color: var(--good) } .badge.bad { color: var(--bad) } .badge.wait { color: var(--wait) }
    .trouble { background: var(--badcard); border-left: .35rem solid var(--bad); border-radius: .3rem;
      padding: .6rem .9rem; margin: .6rem 0 } .trouble.wait { background: var(--waitcard); border-color: var(--wait) }
    .trouble h3 { margin: 0; font-size: 1rem } .trouble .detail { color: var(--soft); overflow-wrap: anywhere }
    .flow { list-style: none; display: flex; align-items: stretch; gap: .4rem; margin: 1rem 0 .4rem; padding: 0 }
    .flow li { display: flex; flex-direction: column; justify-content: center; text-align: center; min-width: 0 }
    .flow span { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere }
    .node { flex: 1 1 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .4rem }
    .node.main { border: 2px solid var(--a) }
    .arrow { flex: 1 1 0; position: relative; padding: 0 1rem .2rem .2rem; border-bottom: 2px solid var(--line); margin-bottom: 1.2rem }
    .arrow::after { content: ""; position: absolute; right: 0; bottom: -6px; border: 5px solid transparent; border-left: 9px solid var(--line) }
    .aside { color: var(--soft) }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem }
    figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem }
    figcaption { font-weight: 600; font-size: .9rem } svg { display: block; width: 100%; height: 7rem }
    .axis { stroke: var(--line) } svg text { fill: var(--soft); font-size: 11px }
    .legend { font-size: .85rem; color: var(--soft) } .legend i { font-style: normal; margin-right: .8rem; white-space: nowrap }
    .s0 { stroke: var(--a); color: var(--a) } .s1 { stroke: var(--b); color: var(--b) } .s2 { stroke: var(--c); color: var(--c) }
    .s3 { stroke: var(--d); color: var(--d) } .s4 { stroke: var(--e); color: var(--e) }
    polyline { fill: none; stroke-width: 1.6; vector-effect: non-scaling-stroke }
    .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
    th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
    th:nth-child(2), td:nth-child(2), #settings td, details th { text-align: left }
    #settings td { white-space: normal; overflow-wrap: anywhere } tbody tr:last-child td { border-bottom: 0 }
    th button { all: unset; cursor: pointer; font-weight: 600 } th button:focus-visible { outline: 3px solid var(--a) }
    .serving { color: var(--good) } .restoring { color: var(--wait) } .refused { color: var(--bad) }
    progress { width: 6rem } summary { cursor: pointer; margin: 1.25rem 0 .5rem; font-weight: 600 }
    footer { padding: 1rem; color: var(--soft) } footer a, a { color: var(--a) }
    @media (max-width: 44rem) {
      .flow { flex-direction: column } .arrow { padding: .2rem 0 .2rem 1rem; margin: 0 0 0 50%; border-bottom: 0; border-left: 2px solid var(--line); text-align: left !important }
      .arrow::after { right: auto; left: -6px; bottom: -8px; border: 5px solid transparent; border-top: 9px solid var(--line) }
    }
    @media (prefers-reduced-motion: no-preference) { .badge { transition: color .3s } }

    """
}
