using System.Text.Json;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Protocol;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Compares the store's folders with what nats-server made of them. A stream or consumer whose description is damaged is
/// passed over by nats-server 2.9 with a line in its log, and from then on it looks as if it had never been.
/// </summary>
internal sealed class StoreInspection
{
    private const string Account = "$G";
    private const string WhatToDo =
        "Nothing of it was deleted: stop this program, restore the folder from a backup, and start again";

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    private readonly List<string> _reports = [];
    private readonly List<(string Stream, string Folder, string[] Consumers)> _streams = [];

    private StoreInspection()
    {
    }

    /// <summary>Looks at the folders, before the server touches them.</summary>
    public static StoreInspection Read(string store)
    {
        var inspection = new StoreInspection();
        try
        {
            inspection.ReadAccount(Path.Combine(store, Account));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            inspection._reports.Add($"The store '{store}' cannot be read ({failure.Message})");
        }

        return inspection;
    }

    /// <summary>Everything that is damaged or missing, a sentence each without its full stop.</summary>
    public async Task<IReadOnlyList<string>> CompareAsync(NatsOptions server, CancellationToken cancellationToken)
    {
        if (_streams.Count == 0)
        {
            return _reports;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeLimit);
        try
        {
            await using var connection = new NatsConnection(ClientSettings.Of(server));
            var loaded = await NamesAsync(connection, "STREAM.NAMES", "streams", limit.Token);
            foreach (var (stream, folder, consumers) in _streams)
            {
                if (!loaded.Contains(stream))
                {
                    Missing($"Stream {stream}", folder);
                }
                else if (consumers.Length > 0)
                {
                    var known = await NamesAsync(connection, $"CONSUMER.NAMES.{stream}", "consumers", limit.Token);
                    foreach (var consumer in consumers.Except(known, StringComparer.Ordinal))
                    {
                        Missing($"Consumer {consumer} of stream {stream}", Path.Combine(folder, "obs", consumer));
                    }
                }
            }
        }
        catch (Exception failure)
            when (failure is NatsException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            _reports.Add($"The store could not be compared with what nats-server loaded from it ({failure.Message})");
        }

        return _reports;
    }

    private static async Task<HashSet<string>> NamesAsync(
        NatsConnection connection, string call, string field, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var total = int.MaxValue; names.Count < total;)
        {
            var before = names.Count;
            var reply = await connection.RequestAsync<string, byte[]>(
                JetStreamSubjects.Api(call), $$"""{"offset":{{before}}}""", cancellationToken: cancellationToken);
            using var answer = JsonDocument.Parse(reply.Data);
            total = answer.RootElement.TryGetProperty("total", out var number) ? number.GetInt32() : 0;
            if (answer.RootElement.TryGetProperty(field, out var page) && page.ValueKind == JsonValueKind.Array)
            {
                names.UnionWith(page.EnumerateArray().Select(static name => name.GetString() ?? ""));
            }

            if (names.Count == before)
            {
                break;
            }
        }

        return names;
    }

    private void ReadAccount(string account)
    {
        if (File.Exists(account))
        {
            _reports.Add($"'{account}' is a file where nats-server keeps its streams. Move it away, restore the folder from a "
                + "backup, and start again");
            return;
        }

        var streams = new DirectoryInfo(Path.Combine(account, "streams"));
        foreach (var stream in streams.Exists ? streams.GetDirectories() : [])
        {
            var obs = new DirectoryInfo(Path.Combine(stream.FullName, "obs"));
            var consumers = obs.Exists ? obs.GetDirectories() : [];
            foreach (var consumer in consumers.Where(
                static consumer => new FileInfo(Path.Combine(consumer.FullName, "o.dat")) is { Exists: true, Length: 0 }))
            {
                _reports.Add($"Consumer {consumer.Name} of stream {stream.Name} has forgotten its position, "
                    + $"because '{consumer.FullName}/o.dat' is empty: it begins anew, and messages come again");
            }

            _streams.Add((stream.Name, stream.FullName, [.. consumers.Select(static consumer => consumer.Name)]));
        }
    }

    private void Missing(string what, string folder)
    {
        // Deleted by a client in the meantime, after a restart.
        if (Directory.Exists(folder))
        {
            _reports.Add($"{what} was not loaded, because nats-server finds '{folder}' damaged. {WhatToDo}");
        }
    }
}
