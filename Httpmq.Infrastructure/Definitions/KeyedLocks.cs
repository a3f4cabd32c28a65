using Httpmq.Domain.Errors;

namespace Httpmq.Infrastructure.Definitions;

/// <summary>One holder per key within this process; a key costs something only while somebody holds it or waits for it.</summary>
internal sealed class KeyedLocks
{
    /// <summary>Waiting for one key at a time; more are refused rather than kept waiting in vain.</summary>
    public const int MostWaiting = 100;

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Keys in use.</summary>
    public int Count
    {
        get
        {
            lock (_entries)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Waits for the key; it is free again when the result is disposed of.</summary>
    public async Task<IDisposable> TakeAsync(Operation operation, string key, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(key, out entry))
            {
                _entries[key] = entry = new Entry();
            }
            else if (entry.Users > MostWaiting)
            {
                throw new HttpmqException(DefinitionErrors.TooMany(operation, MostWaiting));
            }

            entry.Users++;
        }

        try
        {
            await entry.Gate.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(key, entry);
            throw;
        }

        return new Holder(this, key, entry);
    }

    private void Leave(string key, Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(key);
                entry.Gate.Dispose();
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1);

        public int Users { get; set; }
    }

    private sealed class Holder(KeyedLocks locks, string key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Gate.Release();
            locks.Leave(key, entry);
        }
    }
}
