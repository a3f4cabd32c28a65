using System.Runtime.InteropServices;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Gives back what only the start needed. Nothing else would: an idle gateway allocates too little for a collection to come.
/// </summary>
internal static partial class StartMemory
{
    // The runtime keeps its just-in-time compiler's memory for about ten seconds; until then there is nothing to give back.
    private static readonly TimeSpan CompilerKeeps = TimeSpan.FromSeconds(20);

    /// <summary>To be called once, when the start is over. Returns when all is given back, or it is told to stop.</summary>
    public static async Task ReleaseAsync(CancellationToken stopping)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        await Task.Delay(CompilerKeeps, TimeProvider.System, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (OperatingSystem.IsLinux() && !stopping.IsCancellationRequested)
        {
            ReleaseNative();
        }
    }

    /// <summary>What the compiler has freed lies in glibc's heaps: 10 MB for one table of the NATS client's NKeys alone.</summary>
    private static void ReleaseNative()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, musl, which gives it back by itself.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);
}
