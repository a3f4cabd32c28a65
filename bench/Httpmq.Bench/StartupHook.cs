using System.Globalization;
using System.Net.Sockets;
using System.Runtime;
using System.Text;

/// <summary>
/// Runs inside the measured gateway, which is told of this assembly by <c>DOTNET_STARTUP_HOOKS</c>: the product knows nothing
/// of it. Each connection to the socket named by <c>HTTPMQ_BENCH_PROBE</c> sends one byte: <see cref="Spent"/> is answered with the
/// bytes that the process has allocated so far, and the ticks that its just-in-time compiler took; <see cref="Live"/> with the bytes
/// that a full collection leaves. The runtime finds the type by this name, outside any namespace.
/// </summary>
#pragma warning disable CA1050, MA0047 // The runtime's convention.
internal static class StartupHook
#pragma warning restore CA1050, MA0047
{
    public const string SocketVariable = "HTTPMQ_BENCH_PROBE";
    public const byte Spent = (byte)'s';
    public const byte Live = (byte)'l';

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
            client.Send(Encoding.ASCII.GetBytes(question[0] == Live ? CountLive() : CountSpent()));
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
}
