using Httpmq.Checker;

namespace Httpmq.Chaos.Servers;

/// <summary>Writes down which version serves and who ends, and keeps what each server prints in a file of its own.</summary>
internal sealed class ServerJournal(string folder, RunClock clock, JournalWriter journal) : IServerWatcher, IDisposable
{
    private readonly Dictionary<string, TextWriter> _logs = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private bool _isOver;

    public void Said(string name, string line)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                (_logs.TryGetValue(name, out var log)
                    ? log
                    : _logs[name] = new StreamWriter(Path.Combine(folder, $"{name}.log")) { AutoFlush = true }).WriteLine(line);
            }
        }
    }

    public void Serves(string name, string? version)
    {
        if (version is not null)
        {
            journal.Write(new ServerEntry(clock.Now, version, name));
        }
    }

    public void Ended(string name, int code, bool told) => journal.Write(new ExitEntry(clock.Now, name, code, told));

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            foreach (var log in _logs.Values)
            {
                log.Dispose();
            }
        }
    }
}
