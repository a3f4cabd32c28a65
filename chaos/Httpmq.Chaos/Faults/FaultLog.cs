using Httpmq.Checker;

namespace Httpmq.Chaos.Faults;

/// <summary>Writes down what is broken and when, and draws what the seed decides: which one, and for how long.</summary>
internal sealed class FaultLog(RunClock clock, JournalWriter journal, Random random)
{
    /// <summary>What is broken at the moment, for the progress line.</summary>
    public string Current { get; private set; } = "none yet";

    public RunClock Clock => clock;

    public JournalWriter Journal => journal;

    public Random Random => random;

    public void Begin(string what, FaultEffects effects = FaultEffects.None)
    {
        Current = what;
        journal.Write(new FaultEntry(clock.Now, what, effects));
    }

    public void End()
    {
        journal.Write(new FaultEntry(clock.Now, Current, FaultEffects.None, Over: true));
        Current = $"mended ({Current})";
    }

    public void Note(string who, string what) => journal.Write(new NoteEntry(clock.Now, who, what));

    public TimeSpan Seconds(double least, double most) => TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));

    public T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];
}
