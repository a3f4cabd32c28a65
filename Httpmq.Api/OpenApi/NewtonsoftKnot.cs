using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Httpmq.Api.OpenApi;

/// <summary>
/// NSwag.AspNetCore 14.8.0 was built against NJsonSchema.NewtonsoftJson 11.6.2; the newest that can be had is 11.6.1, which
/// has what is used but a lower assembly version, and the runtime refuses that. So this one assembly is loaded by name.
/// It can go when 11.6.2 can be restored: docs/adr/0003-dependency-pins.md.
/// </summary>
internal static class NewtonsoftKnot
{
    private const string Assembly = "NJsonSchema.NewtonsoftJson";

    // Before any type of NSwag is touched, in whatever process this assembly is loaded (tests too).
#pragma warning disable CA2255 // A module initializer is exactly what is needed.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Untie() => AssemblyLoadContext.Default.Resolving += static (context, name) =>
        string.Equals(name.Name, Assembly, StringComparison.Ordinal)
            ? context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, Assembly + ".dll"))
            : null;
}
