using Httpmq.Client.Generate;
using NSwag;

if (args is not [var documents, var output])
{
    await Console.Error.WriteLineAsync("usage: Generate <folder of the OpenAPI documents> <folder of the generated code>");
    return 1;
}

// The second client shares the first one's types. Its Subscribe is written by hand: a generated one would wait for the end.
var management = await OpenApiDocument.FromFileAsync(Path.Combine(documents, "management.json"));
var dataplane = await OpenApiDocument.FromFileAsync(Path.Combine(documents, "dataplane.json"));
var shared = management.Definitions.Keys.Intersect(dataplane.Definitions.Keys, StringComparer.Ordinal).ToArray();
Write("ManagementClient", ClientCode.Generate(management, "ManagementClient", exclude: []));
Write("DataplaneClient", ClientCode.Generate(dataplane, "DataplaneClient", exclude: shared));
await SourceHashes.WriteAsync(documents, output);
return 0;

void Write(string name, string code) => File.WriteAllText(Path.Combine(output, name + ".cs"), code.ReplaceLineEndings("\n"));
