-- What the hook mix is given.
return {
  classes = {
    {
      name = "mix",
      separator = ":",
      reads = "mix",
      text = [[What the conference's mix is to be like. See "Who hears whom" in README.md.]],
      fields = {
        { "ramp", "number", "seconds (0.02 to 2) in which what is new comes in force", set = "mix" },
      },
      functions = {
        { name = "bus", takes = "name: string", gives = "string", from = "mix",
          text = [[A bus of that name, which it returns; 61 at most, `"main"` aside.]],
          example = [[local stage = mix:bus "stage"]] },
        { name = "pair", takes = "listener: participant, talker: participant, gain: gain_or_off",
          gives = "", from = "mix", text = "What the one hears of the other, whatever else is said.",
          example = [[mix:pair(agent, coach, -3)]] },
      },
    },
  },
}
