using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime;
using System.Text;

/// <summary>
/// Runs inside the measured gateway, which is told of this assembly by <c>DOTNET_STARTUP_HOOKS</c>: the product knows nothing
/// of it. Each connection to the socket named by <c>HTTPMQ_BENCH_PROBE</c> sends one byte: <see cref="Spent"/> is answered with the
/// bytes that the process has allocated so far, and the ticks that its just-in-time compiler took; <see cref="Live"/> with the bytes
/// that a full collection leaves; <see cref="Types"/> with what was allocated of each type since it was asked before, the first time with
/// nothing. The runtime finds the type by this name, outside any namespace.
/// </summary>
#pragma warning disable CA1050, MA0047 // The runtime's convention.
internal static class StartupHook
#pragma warning restore CA1050, MA0047
{
    public const string SocketVariable = "HTTPMQ_BENCH_PROBE";
    public const byte Spent = (byte)'s';
    public const byte Live = (byte)'l';
    public const byte Types = (byte)'t';

    private static AllocatedTypes? _types;

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path)
        {
            new Thread(() => Serve(path)) { IsBackground = true, Name = "bench probe" }.Start();
        }
    }

    private static void Serve(string path)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        Span<byte> question = stackalloc byte[1];
        while (true)
        {
            using var client = listener.Accept();
            client.Receive(question);
            client.Send(Encoding.ASCII.GetBytes(question[0] switch
            {
                Live => CountLive(),
                Types => (_types ??= new AllocatedTypes()).Take(),
                _ => CountSpent(),
            }));
        }
    }

    private static string CountSpent() =>
        string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalAllocatedBytes(precise: true)} {JitInfo.GetCompilationTime().Ticks}");

    private static string CountLive()
    {
        // Twice: what finalizers let go of is gone only after the second.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The runtime's own sampling: it names a type for each 100 KB or so that were allocated, so a type's share of the samples is its share
    /// of the bytes.
    /// </summary>
    private sealed class AllocatedTypes : EventListener
    {
        private const EventKeywords Gc = (EventKeywords)1;
        private const int Amount = 3;
        private const int TypeName = 5;

        private readonly ConcurrentDictionary<string, long> _bytes = new(StringComparer.Ordinal);

        public string Take()
        {
            var text = new StringBuilder();
            foreach (var type in _bytes.Keys)
            {
                if (_bytes.TryRemove(type, out var bytes))
                {
                    text.Append(CultureInfo.InvariantCulture, $"{bytes} {type}\n");
                }
            }

            return text.ToString();
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name is "Microsoft-Windows-DotNETRuntime")
            {
                EnableEvents(eventSource, EventLevel.Verbose, Gc);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) is true && eventData.Payload is { } payload)
            {
                var amount = Convert.ToInt64(payload[Amount], CultureInfo.InvariantCulture);
                _bytes.AddOrUpdate((string)payload[TypeName]!, amount, (_, before) => before + amount);
            }
        }
    }
}
